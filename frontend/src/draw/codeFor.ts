// The request of the form as a program: curl, Python and JavaScript. Pure. Fields that say nothing are left out.

export type Language = "curl" | "Python" | "JavaScript";
export const LANGUAGES: readonly Language[] = ["curl", "Python", "JavaScript"];

/** What waits for the pictures at most; the service holds a request no longer. */
const WAIT_SECONDS = 60;

export function codeFor(language: Language, origin: string, path: string, request: object): string {
  const body = Object.fromEntries(Object.entries(request).filter(([, value]) => says(value)));
  const json = JSON.stringify(body, null, 2);
  const url = `${origin}${path}?wait=${WAIT_SECONDS}`;
  if (language === "curl") {
    return `curl --fail-with-body "${url}" \\\n  -H "Authorization: Bearer $ONEWORD_TOKEN" \\\n  --json '${json.replaceAll("'", "'\\''")}'`;
  }
  if (language === "Python") {
    return [
      "import os, requests  # pip install requests",
      "",
      `studio = "${origin}"`,
      'headers = {"Authorization": f"Bearer {os.environ[\'ONEWORD_TOKEN\']}"}',
      `request = ${pythonOf(body)}`,
      `answer = requests.post(f"{studio}${path}", params={"wait": ${WAIT_SECONDS}}, json=request, headers=headers)`,
      "answer.raise_for_status()",
      'for image in answer.json()["generation"]["images"]:',
      '    with open(f"{image[\'index\']}.png", "wb") as file:',
      '        file.write(requests.get(studio + image["url"], headers=headers).content)',
    ].join("\n");
  }
  return [
    `const studio = "${origin}";`,
    "const headers = { Authorization: `Bearer ${process.env.ONEWORD_TOKEN}`, \"Content-Type\": \"application/json\" };",
    `const request = ${json};`,
    `const answer = await fetch(\`\${studio}${path}?wait=${WAIT_SECONDS}\`, { method: "POST", headers, body: JSON.stringify(request) });`,
    "if (!answer.ok) throw new Error((await answer.json()).detail);",
    "const { generation } = await answer.json();",
    "console.log(generation.images.map((image) => studio + image.url));",
  ].join("\n");
}

function says(value: unknown): boolean {
  return value !== null && value !== undefined && value !== "" && !(Array.isArray(value) && value.length === 0);
}

/** A value of JSON as Python writes it. */
function pythonOf(value: unknown, indent = ""): string {
  if (value === true || value === false) return value ? "True" : "False";
  if (value === null) return "None";
  if (Array.isArray(value)) return `[${value.map((each) => pythonOf(each, indent)).join(", ")}]`;
  if (typeof value === "object") {
    const lines = Object.entries(value).map(([name, each]) => `${indent}    ${JSON.stringify(name)}: ${pythonOf(each, `${indent}    `)},`);
    return `{\n${lines.join("\n")}\n${indent}}`;
  }
  return JSON.stringify(value);
}
