// The initializer token: a word that the model knows. The tokenizer's answer is shown while somebody types.
import { useQuery } from "@tanstack/react-query";

import { problemOf } from "../api/problem";
import { tokenization } from "../api/queries";
import type { Kind, Tokenization } from "../api/types";
import { Field } from "../ui/Field";
import { Icon } from "../ui/Icon";
import { Suggestions } from "../ui/Notice";
import { useDebounced } from "../ui/useDebounced";

interface InitializerFieldProps {
  value: string;
  kind: Kind;
  baseModel: string | null;
  modelName: string;
  onChange: (text: string) => void;
}

export function InitializerField(props: InitializerFieldProps) {
  const { value, kind, baseModel, modelName, onChange } = props;
  const settled = useDebounced(value.trim());
  const { data, error } = useQuery(tokenization(baseModel, settled));
  const answered = settled !== "" && data?.text === settled ? data : null;
  return (
    <Field
      label={kind === "style" ? "What sort of style is it, in one word?" : "What is it, in one plain word?"}
      hint={
        answered ? (
          <Reading answered={answered} modelName={modelName} onChange={onChange} />
        ) : (
          "The model starts from this word and learns the difference."
        )
      }
      name="initializer"
      fault={error === null ? undefined : problemOf(error).detail}
      onSuggestion={onChange}
    >
      {(control) => (
        <input
          {...control}
          name="initializer"
          autoComplete="off"
          autoCapitalize="none"
          placeholder={kind === "style" ? "drawing" : "mug"}
          value={value}
          onChange={(event) => {
            onChange(event.target.value);
          }}
        />
      )}
    </Field>
  );
}

interface ReadingProps {
  answered: Tokenization;
  modelName: string;
  onChange: (text: string) => void;
}

/** How the model reads the word: its own tokens as chips, and near words to take in its place. */
function Reading({ answered, modelName, onChange }: ReadingProps) {
  return (
    <div className="reading" role="status">
      <p className={answered.known ? undefined : "warn"}>
        {answered.single ? (
          <span className="good">
            <Icon name="check" size={15} /> One word that {modelName} knows:{" "}
          </span>
        ) : answered.known ? (
          `${modelName} reads it as ${answered.count} pieces; one word is often better: `
        ) : (
          `${modelName} does not know this word. It reads: `
        )}
        {answered.tokens.map((token, place) => (
          <code key={place} data-known={answered.known}>
            {token.text.replace("</w>", "")}
          </code>
        ))}
      </p>
      {answered.suggestions.length > 0 && (
        <div className="near-words">
          <span>{answered.known ? "One word that it knows:" : "Near ones that it knows:"}</span>
          <Suggestions items={answered.suggestions} onChoose={onChange} />
        </div>
      )}
      {!answered.known && answered.suggestions.length === 0 && <p>Try a plainer word for the same thing.</p>}
    </div>
  );
}
