import { authorise, callerOf, hashApiKey, presentedKey, type Scope, Unauthenticated } from '@dr/auth';
import { type House, InjectHouse } from '@dr/service';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { CatalogClient } from '../catalog-client.ts';
import { type AuthenticatedRequest, SCOPE } from './caller.ts';
import { KeyUses } from './key-uses.ts';

/** 401 without a good key, 403 without the route's scope. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly catalog: CatalogClient,
    private readonly uses: KeyUses,
    @InjectHouse() private readonly house: House,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const scope = this.reflector.get<Scope | undefined>(SCOPE, context.getHandler());
    if (scope === undefined) return true;
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const key = presentedKey(request.headers);
    if (key === undefined) throw new Unauthenticated('missing');
    request.caller = callerOf(await this.catalog.apiKey(hashApiKey(key)), this.house.now());
    this.uses.used(request.caller.keyId);
    authorise(request.caller, scope);
    return true;
  }
}
