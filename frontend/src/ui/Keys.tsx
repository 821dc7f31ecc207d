// The keys that work everywhere: `/` goes to the search, arrows go through lists, `?` shows all of them.
import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { Trans, useLingui } from "@lingui/react/macro";
import { useEffect, useState } from "react";
import { useLocation } from "wouter";

import { moveFocus } from "./arrows";
import { Dialog } from "./Dialog";

const KEYS: readonly { keys: readonly string[]; does: MessageDescriptor }[] = [
  { keys: ["/"], does: msg`Search` },
  { keys: ["←", "↑", "→", "↓"], does: msg`Go through cards, pictures and lists` },
  { keys: ["Enter"], does: msg`Open what is marked` },
  { keys: ["Esc"], does: msg`Close a window` },
  { keys: ["Ctrl", "Enter"], does: msg`Draw what the prompt says` },
  { keys: ["<"], does: msg`In a prompt: choose a word` },
  { keys: ["?"], does: msg`Show these keys` },
];

export function Keys() {
  const { t } = useLingui();
  const [shown, setShown] = useState(false);
  const [, go] = useLocation();
  useEffect(() => {
    function press(event: KeyboardEvent) {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.key === "?") setShown(true);
      else if (document.querySelector("[role=dialog]") !== null) return; // its own keys, and nothing behind it
      else if (event.key === "/") search(go);
      else if (!moveFocus(event.key)) return;
      event.preventDefault();
    }
    window.addEventListener("keydown", press);
    return () => {
      window.removeEventListener("keydown", press);
    };
  }, [go]);
  if (!shown) return null;
  const close = () => {
    setShown(false);
  };
  return (
    <Dialog label={t`Keys`} onClose={close}>
      <div className="stack">
        <h2>
          <Trans>Keys</Trans>
        </h2>
        <dl className="keys">
          {KEYS.map(({ keys, does }) => (
            <div key={keys.join(" ")}>
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{t(does)}</dd>
            </div>
          ))}
        </dl>
        <div className="row">
          <button type="button" className="button" onClick={close}>
            <Trans>Close</Trans>
          </button>
        </div>
      </div>
    </Dialog>
  );
}

/** Focuses the search of this view; without one, that of the library. */
function search(go: (path: string) => void) {
  if (focusSearch()) return;
  go("/");
  const seen = new MutationObserver(() => {
    if (focusSearch()) seen.disconnect();
  });
  seen.observe(document.body, { childList: true, subtree: true });
  window.setTimeout(() => {
    seen.disconnect();
  }, 5000);
}

function focusSearch(): boolean {
  const field = document.querySelector<HTMLInputElement>("main input[type=search]");
  field?.focus();
  field?.select();
  return field !== null;
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.matches("textarea, select, [role=slider], [role=application], input:not([type=checkbox], [type=radio])");
}
