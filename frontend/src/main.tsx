import "@fontsource-variable/instrument-sans/wght.css";
import "@fontsource-variable/newsreader/wght.css";
import "uplot/dist/uPlot.min.css";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/windows.css";
import "./styles/library.css";
import "./styles/teach.css";
import "./styles/teach-pictures.css";
import "./styles/concept.css";
import "./styles/report.css";
import "./styles/draw.css";
import "./styles/history.css";
import "./styles/grids.css";
import "./styles/prompt.css";
import "./styles/queue.css";
import "./styles/job.css";
import "./styles/administration.css";
import "./styles/everywhere.css";

import { I18nProvider } from "@lingui/react";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { queryClient } from "./api/queries";
import { App } from "./App";
import { loadDialog } from "./ui/Dialog";
import { i18n } from "./ui/language";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={queryClient}>
        <App />
      </QueryClientProvider>
    </I18nProvider>
  </StrictMode>,
);

// Windows open at once, also when the studio is away by then.
window.setTimeout(() => void loadDialog(), 2000);
