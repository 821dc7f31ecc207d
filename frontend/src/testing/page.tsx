// Renders a part of the page as the page itself does: signed in, with the client of the page's queries.
import { I18nProvider } from "@lingui/react";
import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import type { ReactNode } from "react";

import { queryClient } from "../api/queries";
import type { Me } from "../api/types";
import { CurrentUserContext } from "../session/currentUser";
import { i18n } from "../ui/language";
import { demo, me } from "./samples";
import { studio } from "./studio";

/** Renders a view for somebody who is signed in, in a studio with one base model and no concepts. */
export function renderPage(view: ReactNode, as: Me = me) {
  queryClient.clear();
  queryClient.setDefaultOptions({ queries: { retry: false, staleTime: Infinity } });
  const user = userEvent.setup();
  const rendered = render(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={queryClient}>
        <CurrentUserContext value={as}>{view}</CurrentUserContext>
      </QueryClientProvider>
    </I18nProvider>,
  );
  return { user, ...rendered };
}

/** The answers that nearly every view asks for. */
export function answerTheUsual() {
  const none = { items: [], next: null };
  studio.answer("GET", "/api/base-models", { items: [demo], next: null });
  studio.answer("GET", "/api/concepts", none);
  studio.answer("GET", "/api/generations", none);
  studio.answer("GET", "/api/jobs", none);
  studio.answer("GET", "/api/presets", none);
  studio.answer("GET", "/api/prompt-lists", none);
  studio.answer("GET", "/api/lessons", none);
  studio.answer("GET", "/api/trainings/estimate", { ahead: 0, starts_at: null, ends_at: null, seconds: null });
  const quota = { used: 0, limit: null, near: false };
  studio.answer("GET", "/api/usage", { queued_jobs: quota, gpu_seconds: quota, storage_bytes: quota });
  studio.answer("POST", "/api/tokenize", { text: "", tokens: [], count: 1, single: true, known: true, suggestions: [], placeholder: "<my-mug>" });
}
