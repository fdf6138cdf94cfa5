import { Ajv2020 } from 'ajv/dist/2020.js';
import type { OpenApiDocument, Operation } from '../../../services/gateway/src/openapi/openapi-document.ts';

/** Compares replies with what the OpenAPI document says of them. */
export class Documented {
  private readonly document: OpenApiDocument;
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });

  constructor(document: OpenApiDocument) {
    this.document = document;
    this.ajv.addSchema({ $id: 'doc', components: document.components });
  }

  /** What differs, in words; nothing: the reply is as documented. */
  problemsOf(method: string, url: string, reply: { status: number; type: string; body: unknown }): string[] {
    const found = this.operation(method, url);
    if (!found)
      return reply.status >= 400 ? this.mismatch('Problem', { $ref: '#/components/schemas/Problem' }, reply.body) : ['no such route'];
    const response = found.responses[reply.status] ?? (reply.status >= 400 ? found.responses['default'] : undefined);
    if (!response) return [`status ${reply.status} is not documented`];
    const media = response.content?.[reply.type.split(';')[0]!];
    if (!media) return [`a reply of type ${reply.type} is not documented for ${reply.status}`];
    return this.mismatch(String(reply.status), media.schema, reply.body);
  }

  operation(method: string, url: string): Operation | undefined {
    const path = url.split('?')[0]!;
    const templates = Object.keys(this.document.paths).filter((template) => matches(template, path));
    const exact = templates.sort((a, b) => a.split('{').length - b.split('{').length)[0];
    return exact === undefined ? undefined : this.document.paths[exact]![method.toLowerCase()];
  }

  private mismatch(what: string, schema: object, body: unknown): string[] {
    const pointed = JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"doc#/components/')) as object;
    const validate = this.ajv.compile(pointed);
    if (validate(body)) return [];
    return validate.errors!.map((e) => `${what}${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`);
  }
}

const matches = (template: string, path: string): boolean =>
  new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path);
