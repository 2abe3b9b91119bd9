import { takesFiles } from '../every-route/everything.ts'
import { PUBLIC_ROUTES } from '../every-route/public-routes.ts'
import type { Route } from '../every-route/routes.ts'

/** The largest body that a route reads; bytes. Undefined where no body is read. `body-limits.test.ts` tries each. */
export function bodyLimitOf(route: Route): number | undefined {
  const { method, path } = route
  if (method === 'GET') return undefined
  if (takesFiles(route)) return 525_000_000
  if (path === '/identity/connect/token') return 32 * 1024
  return PUBLIC_ROUTES.has(`${method} ${path}`) ? 1 << 20 : 20_000_000
}
