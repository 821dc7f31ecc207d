// The language of the page. The sentences stand in the components, in English; `src/locales/` has a catalogue for each
// language, and English is one of them. A second language is a second file there, and a choice here.
import { i18n } from "@lingui/core";

import { messages } from "../locales/en.po";
import { LANGUAGE } from "./locale";

i18n.loadAndActivate({ locale: LANGUAGE, messages });

export { i18n };
