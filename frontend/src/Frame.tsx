// What stays around every view: the name, the way to the five places, and where the content begins.
import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { Trans, useLingui } from "@lingui/react/macro";
import { useEffect, useRef, type ReactNode } from "react";
import { Link, useLocation } from "wouter";

import { UndoNotice } from "./bin/UndoNotice";
import { AwayNotice } from "./ui/AwayNotice";
import { Icon, type IconName } from "./ui/Icon";
import { Keys } from "./ui/Keys";

const PLACES: readonly { href: string; name: MessageDescriptor; icon: IconName; holds: readonly string[] }[] = [
  { href: "/", name: msg`Library`, icon: "library", holds: ["/concepts", "/bin"] },
  { href: "/teach", name: msg`Teach`, icon: "teach", holds: [] },
  { href: "/draw", name: msg`Draw`, icon: "draw", holds: ["/history"] },
  { href: "/queue", name: msg`Queue`, icon: "queue", holds: ["/jobs"] },
  { href: "/settings", name: msg`Settings`, icon: "settings", holds: ["/audit"] },
];

export function Frame({ children }: { children: ReactNode }) {
  const { t } = useLingui();
  const [path] = useLocation();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    // A new view begins at its top, for eyes and for screen readers alike.
    if (!first.current) {
      window.scrollTo(0, 0);
      main.current?.focus({ preventScroll: true });
    }
    first.current = false;
  }, [path]);
  return (
    <div className="frame">
      <a className="skip" href="#content">
        <Trans>To the content</Trans>
      </a>
      <header className="bar">
        <Wordmark />
        <nav className="tabs" data-arrows aria-label={t`Places`}>
          {PLACES.map(({ href, name, icon, holds }) => {
            const here = path === href || holds.some((start) => path.startsWith(start));
            return (
              <Link key={href} href={href} aria-current={here ? "page" : undefined}>
                <Icon name={icon} />
                {t(name)}
              </Link>
            );
          })}
        </nav>
      </header>
      <main id="content" ref={main} tabIndex={-1}>
        <AwayNotice />
        {children}
      </main>
      <UndoNotice />
      <Keys />
    </div>
  );
}

export function Wordmark() {
  return (
    <Link href="/" className="wordmark" aria-label="Oneword">
      one<mark>word</mark>
    </Link>
  );
}
