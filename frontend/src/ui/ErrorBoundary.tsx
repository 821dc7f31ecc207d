// Shows a notice in place of a view that throws while it renders. Problems of the service do not get here: they are shown
// where they happen.
import { Trans } from "@lingui/react/macro";
import { Component, type ReactNode } from "react";

import { ProblemNotice } from "./Notice";

interface ErrorBoundaryProps {
  children: ReactNode;
}

export class ErrorBoundary extends Component<ErrorBoundaryProps, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <ProblemNotice error={this.state.error}>
        <p>
          <button
            type="button"
            className="link"
            onClick={() => {
              location.reload();
            }}
          >
            <Trans>Load it again</Trans>
          </button>
        </p>
      </ProblemNotice>
    );
  }
}
