// Every problem that a form receives is shown: beside its field if that field is on the screen, otherwise as a notice.
// Each form is sent once for each field that its request has by the OpenAPI schema, and refused because of that field.
import { useMutation } from "@tanstack/react-query";
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { useState } from "react";
import { expect, test } from "vitest";

import { EditConcept } from "./concept/EditConcept";
import { GenerationForm } from "./draw/GenerationForm";
import { emptyGeneration, type GenerationValues } from "./draw/generationValues";
import { initImageFrom } from "./draw/initImage";
import { submitGeneration } from "./draw/submitGeneration";
import { ImportView } from "./importing/ImportView";
import { SignInView } from "./session/SignInView";
import { Members } from "./settings/Members";
import { Tokens } from "./settings/Tokens";
import { Webhooks } from "./settings/Webhooks";
import { TeachAgainView } from "./teach/TeachAgainView";
import { TeachView } from "./teach/TeachView";
import { fieldsOf } from "./testing/openapi";
import { answerTheUsual, renderPage } from "./testing/page";
import { demo, mug, other, pictureFile } from "./testing/samples";
import { problem, studio } from "./testing/studio";

interface Form {
  request: readonly [method: string, path: string];
  /** The request body in the OpenAPI schema. */
  schema: string;
  /** The fields that are on the screen, with the label of the control, or null for a group of controls. */
  onScreen: Record<string, string | RegExp | null>;
  /** Renders the form and fills in as much as it takes to send it. */
  open: () => void | Promise<void>;
  button: string;
}

/** Where the problem is shown: "beside its field", "notice", or what is wrong. */
function placeOf(detail: string, label: string | RegExp | null | undefined): string {
  const alerts = [...document.querySelectorAll('[role="alert"]')].filter((alert) => alert.textContent.includes(detail));
  const [alert] = alerts;
  if (alert === undefined || alerts.length !== 1) return `shown ${alerts.length} times`;
  if (alert.closest("details:not([open])") !== null) return "folded away";
  if (alert.classList.contains("notice") && alert.closest(".tray") === null) return "notice";
  if (label === undefined || label === null) return "beside its field";
  const control = screen.getByLabelText(label);
  const described = control.getAttribute("aria-describedby")?.split(" ").includes(alert.id);
  return described && control.getAttribute("aria-invalid") === "true" ? "beside its field" : "beside another field";
}

function fill(label: string | RegExp, value: string) {
  fireEvent.change(screen.getByLabelText(label), { target: { value } });
}

function GenerationFormAlone({ start }: { start: Partial<GenerationValues> }) {
  const [values, setValues] = useState({ ...emptyGeneration, prompt: "a cat", ...start });
  const submission = useMutation({ mutationFn: submitGeneration });
  return <GenerationForm values={values} recovered={null} grid={null} submission={submission} onChange={setValues} onRecovered={() => undefined} onGrid={() => undefined} />;
}

async function openTeach() {
  const { user } = renderPage(<TeachView />);
  const pictures = ["a.png", "b.png", "c.png"].map(pictureFile);
  studio.answer("POST", "/api/pictures/check", { ok: true, pictures: [], problems: [] });
  await user.upload(screen.getByLabelText(/Drop pictures here/), pictures);
  fill(/in one plain word/, "mug");
  fill("Your new word", "<my-mug>");
  const send = screen.getByRole("button", { name: "Teach it" });
  await waitFor(() => {
    expect(send).toHaveProperty("disabled", false);
  });
}

const drawn = {
  prompt: "What to draw",
  negative_prompt: "Leave out",
  count: null,
  seed: "Seed",
  steps: "Steps",
  guidance: "Guidance",
  scheduler: "Scheduler",
  width: "Width",
  height: "Height",
};
const options = {
  vectors: "Vectors",
  steps_max: "Steps at most",
  mirror: "Mirrored pictures",
  seed: "Seed",
  method: "How it is learned",
  prompts: "Your own prompts for the report",
};
const tray = { images: null, edits: null, masks: null };
const taught = {
  ...tray,
  placeholder: "Your new word",
  initializer: /in one plain word/,
  kind: null,
  name: "What do you call it?",
  tags: "Tags",
  ...options,
};
const draw = { request: ["POST", "/api/generations"], schema: "GenerationRequest", button: "Draw" } as const;
const teach = { request: ["POST", "/api/concepts"], schema: "Body_create_concept", button: "Teach it" } as const;
const teachAgain = {
  request: ["POST", "/api/concepts/concept/versions"],
  schema: "Body_teach_concept_again",
  button: "Teach it again",
} as const;

const FORMS: Record<string, Form> = {
  "drawing with one base model": {
    ...draw,
    onScreen: drawn,
    open: () => {
      renderPage(<GenerationFormAlone start={{}} />);
    },
  },
  "drawing with two base models, from a picture": {
    ...draw,
    onScreen: { ...drawn, base_model: "Base model", init_image: null, mask: null, strength: /Strength/ },
    open: async () => {
      studio.answer("GET", "/api/base-models", { items: [demo, other], next: null });
      renderPage(<GenerationFormAlone start={{ initImage: initImageFrom({ kind: "image", id: "image" }) }} />);
      await screen.findByLabelText("Base model");
    },
  },
  "teaching with one base model": { ...teach, onScreen: taught, open: openTeach },
  "teaching with two base models, held near the initializer": {
    ...teach,
    onScreen: { ...taught, base_model: "Base model", kappa: /Closer likeness/ },
    open: async () => {
      studio.answer("GET", "/api/base-models", { items: [demo, other], next: null });
      await openTeach();
      await screen.findByLabelText("Base model");
      fill("How it is learned", "directional");
    },
  },
  "teaching again from the same pictures": {
    ...teachAgain,
    onScreen: { initializer: /in one plain word/, ...options },
    open: async () => {
      const picture = { id: "picture", url: "/api/pictures/picture", width: 64, height: 64 };
      studio.answer("GET", "/api/concepts/concept", { ...mug, pictures: [picture] });
      renderPage(<TeachAgainView id="concept" />);
      await screen.findByText(/The same pictures again/);
    },
  },
  "teaching again from other pictures": {
    ...teachAgain,
    onScreen: { ...tray, initializer: /in one plain word/, ...options },
    open: async () => {
      studio.answer("GET", "/api/concepts/concept", mug);
      renderPage(<TeachAgainView id="concept" />);
      await screen.findByLabelText(/Drop pictures here/);
    },
  },
  importing: {
    request: ["POST", "/api/concepts/import"],
    schema: "Body_import_concept",
    onScreen: { file: "The file, or up to 100 of them", kind: null, name: "What do you call it?", placeholder: "Your new word" },
    open: async () => {
      const { user } = renderPage(<ImportView />);
      await user.upload(screen.getByLabelText("The file, or up to 100 of them"), new File(["x"], "mug.safetensors"));
    },
    button: "Import it",
  },
  "editing a concept": {
    request: ["PATCH", "/api/concepts/concept"],
    schema: "ConceptPatch",
    onScreen: { name: "What do you call it?", placeholder: "The word itself", description: "Description", tags: "Tags" },
    open: async () => {
      const { user } = renderPage(<EditConcept concept={mug} />);
      await user.click(screen.getByRole("button", { name: "Rename" }));
    },
    button: "Save",
  },
  "making a token": {
    request: ["POST", "/api/tokens"],
    schema: "TokenIn",
    onScreen: { name: "What the token is for", scopes: null, expires_in_days: "When it ends" },
    open: () => {
      studio.answer("GET", "/api/tokens", { items: [], next: null });
      renderPage(<Tokens />);
      fill("What the token is for", "script");
    },
    button: "Make a token",
  },
  "inviting a member": {
    request: ["POST", "/api/members"],
    schema: "MemberIn",
    onScreen: { name: "Name of a new member", role: "Role" },
    open: () => {
      studio.answer("GET", "/api/members", { items: [], next: null });
      studio.answer("GET", "/api/invitations", { items: [], next: null });
      renderPage(<Members />);
      fill("Name of a new member", "Grace");
    },
    button: "Invite",
  },
  "adding a webhook": {
    request: ["POST", "/api/webhooks"],
    schema: "WebhookIn",
    onScreen: { url: "Address", events: null },
    open: async () => {
      studio.answer("GET", "/api/webhooks", { items: [], next: null, enabled: true });
      renderPage(<Webhooks />);
      await screen.findByLabelText("Address");
      fill("Address", "https://example.org/hook");
    },
    button: "Add the address",
  },
  "signing in": {
    request: ["POST", "/api/session/preview"],
    schema: "SignIn",
    onScreen: { code: "Sign-in link" },
    open: () => {
      renderPage(<SignInView />);
      fill("Sign-in link", "owc_code");
    },
    button: "Sign in",
  },
};

test.each(Object.entries(FORMS))("every problem is shown: %s", async (_, { request, schema, onScreen, open, button }) => {
  answerTheUsual();
  await open();
  const fields = Object.keys(fieldsOf(schema));
  expect(fields).toEqual(expect.arrayContaining(Object.keys(onScreen)));
  const send = screen.getByRole("button", { name: button });
  const shown: Record<string, string> = {};
  for (const field of [...fields, "unheard-of", undefined]) {
    const refusal = problem(field);
    studio.refuse(...request, refusal);
    fireEvent.click(send);
    await waitFor(() => {
      expect(document.body.textContent).toContain(refusal.detail);
    });
    shown[field ?? "no field"] = placeOf(refusal.detail, onScreen[field ?? ""]);
  }
  const expected = [...fields, "unheard-of", "no field"].map((field) => [field, field in onScreen ? "beside its field" : "notice"]);
  expect(shown).toEqual(Object.fromEntries(expected));
});

test("a problem about a part of a field is shown beside that field", async () => {
  answerTheUsual();
  const { user } = renderPage(<EditConcept concept={mug} />);
  await user.click(screen.getByRole("button", { name: "Rename" }));
  studio.refuse("PATCH", "/api/concepts/concept", problem("tags.0"));
  fireEvent.click(screen.getByRole("button", { name: "Save" }));
  await screen.findByText("The studio refuses tags.0.");
  expect(placeOf("The studio refuses tags.0.", "Tags")).toBe("beside its field");
});

test("a refusal that names pictures which are no longer there is shown as a whole", async () => {
  answerTheUsual();
  await openTeach();
  const pictures = [{ index: 7, name: "h.png", detail: "Picture 8 ends too early." }];
  studio.refuse("POST", "/api/concepts", problem("images", { pictures }));
  fireEvent.click(screen.getByRole("button", { name: "Teach it" }));
  expect(await screen.findAllByText("The studio refuses images.")).toHaveLength(1);
});
