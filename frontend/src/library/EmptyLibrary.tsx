// A library without words: what the studio does, in three steps, and how to try it now.
import { Link } from "wouter";

import { AboutBaseModels } from "../settings/AboutBaseModels";
import { useMayChange } from "../session/currentUser";
import { ExamplePicker } from "../teach/ExamplePicker";
import { Placeholder } from "../ui/Placeholder";

export function EmptyLibrary() {
  const mayChange = useMayChange();
  return (
    <div className="empty">
      <div className="stack">
        <h1>No word has been taught yet.</h1>
        <ol className="steps">
          <li>
            <strong>Show it three to five pictures</strong> of one thing, or in one style.
          </li>
          <li>
            <strong>Say what it is like:</strong> “a mug”. The model starts from that word and learns the difference.
          </li>
          <li>
            <strong>Write your new word</strong> wherever you would write any other: “a photo of <Placeholder>{"<my-mug>"}</Placeholder>{" "}
            on the beach”.
          </li>
        </ol>
        {mayChange ? (
          <div className="row">
            <Link className="button primary" href="/teach">
              Teach the first word
            </Link>
            <Link className="button quiet" href="/import">
              Import one from another tool
            </Link>
          </div>
        ) : (
          <p className="soft">You are here to look. A member of the team can teach the first word.</p>
        )}
        {mayChange && <ExamplePicker />}
        <p className="small soft">
          Deleted words can be restored from the <Link href="/bin">bin</Link>.
        </p>
      </div>
      <AboutBaseModels />
    </div>
  );
}
