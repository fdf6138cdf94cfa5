/** A field of a message in a `.proto` file, as far as our schemas use the language. */
export interface ProtoField {
  readonly label: 'single' | 'optional' | 'repeated' | 'map';
  readonly type: string;
  /** From a comment `// One of: a, b.` above the field. */
  readonly words?: readonly string[];
}

export type ProtoMessages = Record<string, Record<string, ProtoField>>;

const FIELD = /^ {2}(?:(optional|repeated) )?(map<string, )?([\w.]+)>? (\w+) = (\d+);$/;
const camel = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** The messages of a proto3 file with their fields by JSON name. Throws at a line it does not understand, so that nothing is skipped. */
export function parseProto(text: string): ProtoMessages {
  const messages: ProtoMessages = {};
  for (const [, name, body = ''] of text.matchAll(/^message (\w+) \{(?:\}|\n([\s\S]*?)^\})$/gm)) messages[name!] = parseFields(body);
  const declared = text.match(/^\s*message /gm)?.length ?? 0;
  if (declared !== Object.keys(messages).length) throw new Error('A message is written in a way this parser does not know.');
  return messages;
}

function parseFields(body: string): Record<string, ProtoField> {
  const fields: Record<string, ProtoField> = {};
  let words: readonly string[] | undefined;
  for (const line of body.split('\n').filter((l) => l.trim() !== '' && !l.trim().startsWith('reserved '))) {
    if (line.trim().startsWith('//')) {
      words = /One of: (.+)\.$/.exec(line)?.[1]?.split(', ') ?? words;
      continue;
    }
    const [, label, map, type, name] = FIELD.exec(line) ?? [];
    if (type === undefined || name === undefined) throw new Error(`Not understood: ${line}`);
    fields[camel(name)] = {
      label: map ? 'map' : ((label as 'optional' | 'repeated' | undefined) ?? 'single'),
      type,
      ...(words && { words }),
    };
    words = undefined;
  }
  return fields;
}
