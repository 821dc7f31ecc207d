// A stand-in for the browser's EventSource: a test sends the events of a job itself.
import { act } from "@testing-library/react";

export class FakeEventSource extends EventTarget {
  static readonly CLOSED = 2;
  static opened: FakeEventSource[] = [];

  readonly url: string;
  readyState = 1;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  private lastId = 0;

  constructor(url: string) {
    super();
    this.url = url;
    FakeEventSource.opened.push(this);
  }

  close() {
    this.readyState = FakeEventSource.CLOSED;
  }

  /** Sends one event of a job, as the stream of the service does. */
  send(type: string, data: unknown) {
    this.lastId += 1;
    const message = new MessageEvent(type, { data: JSON.stringify(data), lastEventId: String(this.lastId) });
    act(() => {
      this.dispatchEvent(message);
    });
  }

  /** Breaks the connection; the browser tries again by itself. */
  break() {
    act(() => this.onerror?.());
  }
}
