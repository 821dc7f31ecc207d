// Which view an address shows, and the gate before all of them: nobody sees the studio without signing in.
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Link, Route, Switch, useLocation } from "wouter";

import { isSignedOut } from "./api/problem";
import { me } from "./api/queries";
import { Frame } from "./Frame";
import { LibraryView } from "./library/LibraryView";
import { CurrentUserContext } from "./session/currentUser";
import { SignInView } from "./session/SignInView";
import { ErrorBoundary } from "./ui/ErrorBoundary";
import { ProblemNotice } from "./ui/Notice";
import { Skeleton } from "./ui/Skeleton";

// The library opens first; the rest comes when it is asked for.
const TeachView = lazy(async () => ({ default: (await import("./teach/TeachView")).TeachView }));
const TeachAgainView = lazy(async () => ({ default: (await import("./teach/TeachAgainView")).TeachAgainView }));
const ImportView = lazy(async () => ({ default: (await import("./importing/ImportView")).ImportView }));
const JobView = lazy(async () => ({ default: (await import("./jobs/JobView")).JobView }));
const QueueView = lazy(async () => ({ default: (await import("./jobs/QueueView")).QueueView }));
const ConceptView = lazy(async () => ({ default: (await import("./concept/ConceptView")).ConceptView }));
const DrawView = lazy(async () => ({ default: (await import("./draw/DrawView")).DrawView }));
const HistoryView = lazy(async () => ({ default: (await import("./history/HistoryView")).HistoryView }));
const GridView = lazy(async () => ({ default: (await import("./grids/GridView")).GridView }));
const GridsView = lazy(async () => ({ default: (await import("./grids/GridsView")).GridsView }));
const BinView = lazy(async () => ({ default: (await import("./bin/BinView")).BinView }));
const AuditView = lazy(async () => ({ default: (await import("./audit/AuditView")).AuditView }));
const SettingsView = lazy(async () => ({ default: (await import("./settings/SettingsView")).SettingsView }));

export function App() {
  const [path] = useLocation();
  const asked = useQuery({ ...me, enabled: path !== "/sign-in" });
  if (path === "/sign-in" || isSignedOut(asked.error)) return <SignInView />;
  if (asked.isPending) return null; // a moment; a flash of something else would be worse
  if (asked.data === undefined) {
    return (
      <div className="frame narrow">
        <ProblemNotice error={asked.error}>
          <p>
            <button type="button" className="link" onClick={() => void asked.refetch()}>
              Try again
            </button>
          </p>
        </ProblemNotice>
      </div>
    );
  }
  return (
    <CurrentUserContext value={asked.data}>
      <Frame>
        <ErrorBoundary key={path}>
          <Suspense fallback={<Skeleton />}>
            <Switch>
              <Route path="/" component={LibraryView} />
              <Route path="/teach" component={TeachView} />
              <Route path="/import" component={ImportView} />
              <Route path="/queue" component={QueueView} />
              <Route path="/jobs/:id">{({ id }) => <JobView key={id} id={id} />}</Route>
              <Route path="/concepts/:id">{({ id }) => <ConceptView key={id} id={id} />}</Route>
              <Route path="/concepts/:id/teach">{({ id }) => <TeachAgainView key={id} id={id} />}</Route>
              <Route path="/draw" component={DrawView} />
              <Route path="/history" component={HistoryView} />
              <Route path="/grids" component={GridsView} />
              <Route path="/grids/:id">{({ id }) => <GridView key={id} id={id} />}</Route>
              <Route path="/bin" component={BinView} />
              <Route path="/audit" component={AuditView} />
              <Route path="/settings" component={SettingsView} />
              <Route>
                <div className="head">
                  <div>
                    <h1>There is nothing here</h1>
                    <p>
                      The address may be mistyped. Everything the studio has learned is in the <Link href="/">library</Link>.
                    </p>
                  </div>
                </div>
              </Route>
            </Switch>
          </Suspense>
        </ErrorBoundary>
      </Frame>
    </CurrentUserContext>
  );
}
