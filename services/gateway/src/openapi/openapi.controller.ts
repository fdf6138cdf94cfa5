import { Controller, Header, Inject } from '@nestjs/common';
import { Route, type RouteDeclaration } from '../http/route.ts';
import { docsPage } from './docs-page.ts';
import { serveDocs, serveDocument } from './openapi.schema.ts';
import { type OpenApiDocument, openApiDocument } from './openapi-document.ts';

/** The declarations of every controller of the gateway, as `GatewayModule` gathers them. */
export const DECLARATIONS = Symbol('declarations');

/** GET /openapi.json and /docs: made once, from the declarations. */
@Controller()
export class OpenApiController {
  private readonly document: OpenApiDocument;
  private readonly page: string;

  constructor(@Inject(DECLARATIONS) declarations: readonly RouteDeclaration[]) {
    this.document = openApiDocument(declarations);
    this.page = docsPage(this.document);
  }

  @Route(serveDocument)
  openapi(): object {
    return this.document;
  }

  @Route(serveDocs)
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
  docs(): string {
    return this.page;
  }
}
