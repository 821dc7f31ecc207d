// Runs before each file of component tests: the page's requests go to a stub of the studio, and nothing leaves the process.
import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";

import { loadDialog } from "../ui/Dialog";
import { studio } from "./studio";

configure({ asyncUtilTimeout: 5000 }); // a machine that does much else at once
vi.stubGlobal("fetch", (input: Request | string, init?: RequestInit) => studio.fetch(input, init));
vi.stubGlobal("scrollTo", () => undefined);

beforeEach(() => {
  studio.reset();
  history.replaceState(null, "", "/");
});

afterEach(cleanup);

await loadDialog(); // a test that opens a window finds it at once
