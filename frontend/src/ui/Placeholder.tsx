// A placeholder, marked as with a highlighter, alone or inside a prompt.

const WRITTEN = /(<[a-z0-9][a-z0-9-]*(?:@[0-9]+)?>)/;

export function Placeholder({ children }: { children: string }) {
  const bare = children.replace(/^<|>$/g, "");
  return (
    <span className="word">
      <i>&lt;</i>
      {bare}
      <i>&gt;</i>
    </span>
  );
}

/** A prompt with its placeholders marked. */
export function Prompt({ children }: { children: string }) {
  const pieces = children.split(WRITTEN);
  return pieces.map((piece, place) => (WRITTEN.test(piece) ? <Placeholder key={place}>{piece}</Placeholder> : piece));
}
