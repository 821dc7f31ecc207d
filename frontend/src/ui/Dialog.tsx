// A modal window. What it needs of React Aria (21 KB gzipped) is no part of the first load.
import { lazy, Suspense, useState, type ComponentType, type ReactNode } from "react";

export interface DialogProps {
  /** What screen readers call the window. */
  label: string;
  className?: string;
  onClose: () => void;
  children: ReactNode;
}

let loaded: ComponentType<DialogProps> | null = null;
const LazyDialog = lazy(loadDialog);

/** Loads the code of windows. The page does so when it has nothing else to do, so that a window opens at once. */
export async function loadDialog() {
  const module = await import("./ModalDialog");
  loaded = module.default;
  return module;
}

export function Dialog(props: DialogProps) {
  const [Window] = useState(() => loaded ?? LazyDialog); // the same one for as long as the window is open
  return (
    <Suspense fallback={null}>
      <Window {...props} />
    </Suspense>
  );
}
