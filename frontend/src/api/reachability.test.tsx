import { act, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { renderPage } from "../testing/page";
import { studio } from "../testing/studio";
import { AwayNotice } from "../ui/AwayNotice";
import { answer, api } from "./client";
import { onReturn } from "./reachability";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("a silent studio is said, and asked until it answers", async () => {
  const returned = vi.fn();
  onReturn(returned);
  renderPage(<AwayNotice />);
  const silence = () => Promise.reject(new TypeError("Failed to fetch"));
  studio.on("GET", "/api/me", silence);
  studio.on("GET", "/healthz", silence);
  await act(async () => {
    await expect(answer(api.GET("/api/me"))).rejects.toThrow("Failed to fetch");
  });
  expect(screen.getByText(/The studio does not answer/)).toBeDefined();
  await act(() => vi.advanceTimersByTimeAsync(3000));
  expect(screen.getByText(/The studio does not answer/)).toBeDefined();
  studio.answer("GET", "/healthz", {});
  await act(() => vi.advanceTimersByTimeAsync(3000));
  expect(screen.queryByText(/The studio does not answer/)).toBeNull();
  expect(returned).toHaveBeenCalledOnce();
});

test("a request that the page gives up is no silence", async () => {
  renderPage(<AwayNotice />);
  const left = new AbortController();
  left.abort();
  studio.on("GET", "/api/me", () => Promise.reject(new DOMException("aborted", "AbortError")));
  await act(async () => {
    await expect(answer(api.GET("/api/me", { signal: left.signal }))).rejects.toThrow();
  });
  expect(screen.queryByText(/The studio does not answer/)).toBeNull();
});
