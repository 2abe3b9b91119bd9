import type { FastifyInstance } from 'fastify'
import type { Json } from '../../helpers/account.ts'

/** One way to call an app. */
export interface Route {
  readonly method: string
  /** With `:name` for parameters, without their patterns and without the prefix of the app. */
  readonly path: string
  /** The JSON Schema of what it wants; undefined where no body counts, or one that is no JSON. */
  readonly body: Json | undefined
}

/** The path of a route as contracts have it: without `pathPrefix` and the patterns of its parameters. */
export function plainPath(url: string, pathPrefix: string): string {
  const path = url.slice(pathPrefix.length) || '/'
  return path.replace(/\(\^[^/]*?\$\)/g, '')
}

/** Adds the routes of an app to `routes` while they are declared. The HEAD of a GET is none of its own. */
export function collectRoutes(app: FastifyInstance, pathPrefix: string, routes: Route[]): void {
  app.addHook('onRoute', ({ method: methods, url, schema }) => {
    for (const method of [methods].flat()) {
      if (method !== 'HEAD') {
        routes.push({ method, path: plainPath(url, pathPrefix), body: schema?.body as Json | undefined })
      }
    }
  })
}
