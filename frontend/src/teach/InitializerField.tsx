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

/** How the model reads the word. */
function Reading({ answered, modelName, onChange }: ReadingProps) {
  if (answered.single) {
    return (
      <p className="good" role="status">
        <Icon name="check" size={15} /> One word that {modelName} knows.
      </p>
    );
  }
  return (
    <div className="reading" role="status">
      {answered.known ? (
        <p>
          {modelName} reads it as {answered.count} pieces:{" "}
          {answered.tokens.map((token, place) => (
            <code key={place}>{token.text}</code>
          ))}
          . That works; one word is often better.
        </p>
      ) : (
        <p className="warn">
          {modelName} does not know this word.{" "}
          {answered.suggestions.length > 0 ? "Near ones that it knows:" : "Try a plainer word for the same thing."}
        </p>
      )}
      <Suggestions items={answered.suggestions} onChoose={onChange} />
    </div>
  );
}
