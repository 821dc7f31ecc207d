// A catalogue as Vite imports it: compiled by Lingui.
declare module "*.po" {
  import type { Messages } from "@lingui/core";

  export const messages: Messages;
}
