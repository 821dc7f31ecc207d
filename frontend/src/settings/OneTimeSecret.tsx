// A secret that is shown once, with a button that copies it.
import { useState } from "react";

export function OneTimeSecret({ label, value }: { label: string; value: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <div className="notice" role="status">
      <strong>{label}</strong>
      <div className="row">
        <input
          className="mono grow"
          readOnly
          aria-label={label}
          value={value}
          onFocus={(event) => {
            event.target.select();
          }}
        />
        {/* The clipboard is only there over https or on this very machine; elsewhere the text can be selected. */}
        {window.isSecureContext && (
          <button
            type="button"
            className="button small"
            onClick={() => {
              void navigator.clipboard.writeText(value).then(() => {
                setCopied(true);
              });
            }}
          >
            {copied ? "Copied" : "Copy"}
          </button>
        )}
      </div>
    </div>
  );
}
