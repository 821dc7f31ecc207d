// The page's own rule: every problem that the page receives is shown. The result of each request (`useQuery`,
// `useInfiniteQuery`, `useMutation`) has to reach a part of the page that shows its error: `error={x.error}`, an element of
// `<Problems of={[x]}>`, or a component that is handed the whole result. A request that may fail in silence says why in an
// eslint-disable comment.

const REQUESTS = new Set(["useQuery", "useInfiniteQuery", "useMutation"]);

/** Whether a use of the result can show its error. */
function showsError(identifier) {
  const { parent } = identifier;
  if (parent.type === "MemberExpression" && parent.object === identifier) return parent.property.name === "error";
  return parent.type === "ArrayExpression" || parent.type === "JSXExpressionContainer";
}

const shownProblem = {
  meta: {
    type: "problem",
    docs: { description: "Every problem that a request comes back with is shown." },
    messages: { hidden: "Nothing shows the error of this request. Hand it to <Problems of={[…]}> or <FormProblem error={…}>." },
    schema: [],
  },
  create(context) {
    return {
      VariableDeclarator(node) {
        if (node.init?.type !== "CallExpression" || !REQUESTS.has(node.init.callee.name)) return;
        const variables = context.sourceCode.getDeclaredVariables(node);
        const shown =
          node.id.type === "Identifier"
            ? variables.some(({ references }) => references.some(({ identifier }) => showsError(identifier)))
            : node.id.properties.some(({ key }) => key?.name === "error");
        if (!shown) context.report({ node: node.init, messageId: "hidden" });
      },
    };
  },
};

export default { rules: { "shown-problem": shownProblem } };
