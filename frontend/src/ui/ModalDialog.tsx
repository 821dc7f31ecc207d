// The window behind `Dialog`, by React Aria: it keeps the focus inside and gives it back, hides the rest of the page from
// screen readers, and closes on Escape and on a press outside. Loaded when the first window opens.
import { Dialog } from "react-aria-components/Dialog";
import { Modal, ModalOverlay } from "react-aria-components/Modal";

import type { DialogProps } from "./Dialog";

export default function ModalDialog({ label, className, onClose, children }: DialogProps) {
  return (
    <ModalOverlay
      className="veil"
      isOpen
      isDismissable
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
    >
      <Modal>
        <Dialog aria-label={label} className={className === undefined ? "dialog" : `dialog ${className}`}>
          {children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
