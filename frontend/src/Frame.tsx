// What stays around every view: the name, the way to the five places, and where the content begins.
import { useEffect, useRef, type ReactNode } from "react";
import { Link, useLocation } from "wouter";

import { UndoNotice } from "./bin/UndoNotice";
import { AwayNotice } from "./ui/AwayNotice";
import { Icon, type IconName } from "./ui/Icon";
import { Keys } from "./ui/Keys";

const PLACES: readonly { href: string; name: string; icon: IconName; holds: readonly string[] }[] = [
  { href: "/", name: "Library", icon: "library", holds: ["/concepts", "/bin"] },
  { href: "/teach", name: "Teach", icon: "teach", holds: [] },
  { href: "/draw", name: "Draw", icon: "draw", holds: [] },
  { href: "/queue", name: "Queue", icon: "queue", holds: ["/jobs"] },
  { href: "/settings", name: "Settings", icon: "settings", holds: ["/audit"] },
];

export function Frame({ children }: { children: ReactNode }) {
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
        To the content
      </a>
      <header className="bar">
        <Wordmark />
        <nav className="tabs" aria-label="Places">
          {PLACES.map(({ href, name, icon, holds }) => {
            const here = path === href || holds.some((start) => path.startsWith(start));
            return (
              <Link key={href} href={href} aria-current={here ? "page" : undefined}>
                <Icon name={icon} />
                {name}
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
