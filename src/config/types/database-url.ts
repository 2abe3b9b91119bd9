import { parsePostgresUrl } from '#store'
import { InvalidValue } from '../language/index.ts'
import { text } from './text.ts'

/**
 * Where the database is. The normal form begins with `sqlite://` or `postgresql://`, or is a bare path. Messages never
 * show the URL: it may hold a password.
 */
export const databaseUrl = text(
  '`sqlite://<path>`, the path of an existing SQLite database, or `postgresql://<user>:<password>@<host>/<database>`',
  (url, source) => {
    const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase()
    switch (scheme) {
      case undefined:
        return url
      case 'sqlite':
        return url.replace(/^sqlite:(?:\/\/)?/i, 'sqlite://')
      case 'postgres':
      case 'postgresql':
        try {
          parsePostgresUrl(url)
        } catch (error) {
          throw new InvalidValue(`${source.name} ${(error as Error).message}`)
        }
        return url.replace(/^postgres(?:ql)?:\/\//i, 'postgresql://')
      default:
        throw new InvalidValue(
          `${source.name}: databases of type "${scheme}" are not supported; write sqlite://<path> or postgresql://…`,
        )
    }
  },
)
