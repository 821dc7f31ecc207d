// The request of the form as a program, to copy with one press.
import { useState } from "react";

import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/Icon";
import { codeFor, LANGUAGES, type Language } from "./codeFor";

interface CodeDialogProps {
  path: string;
  request: object;
  /** What the request cannot carry, in a sentence. */
  note?: string | undefined;
  onClose: () => void;
}

export function CodeDialog({ path, request, note, onClose }: CodeDialogProps) {
  const [language, setLanguage] = useState<Language>("curl");
  const [copied, setCopied] = useState(false);
  const code = codeFor(language, location.origin, path, request);
  return (
    <Dialog label="The same as a program" className="code-dialog" onClose={onClose}>
      <div className="row between">
        <div className="chips" role="group" aria-label="Language">
          {LANGUAGES.map((each) => (
            <button
              key={each}
              type="button"
              className="chip"
              aria-pressed={each === language}
              onClick={() => {
                setLanguage(each);
                setCopied(false);
              }}
            >
              {each}
            </button>
          ))}
        </div>
        <button type="button" className="button small quiet" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <pre tabIndex={0} aria-label={`The request in ${language}`}>
        <code>{code}</code>
      </pre>
      <div className="row between">
        <p className="small soft">
          {note} <code>ONEWORD_TOKEN</code> is a token from the settings.
        </p>
        <button
          type="button"
          className="button primary"
          onClick={() => {
            // Without https a browser has no clipboard; the text stays selectable.
            void (navigator.clipboard as Clipboard | undefined)?.writeText(code).then(() => {
              setCopied(true);
            });
          }}
        >
          {copied ? "Copied" : "Copy"}
        </button>
      </div>
    </Dialog>
  );
}
