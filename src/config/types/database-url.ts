import { InvalidValue } from '../language/index.ts'
import { text } from './text.ts'

/** `sqlite://<path>`, or a bare path. Messages never show the URL: it may hold a password. */
export const databaseUrl = text('`sqlite://<path>`, or the path of an existing SQLite database', (url, source) => {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase()
  if (scheme === undefined || scheme === 'sqlite') return url.replace(/^sqlite:(?:\/\/)?/i, 'sqlite://')
  if (scheme === 'postgres' || scheme === 'postgresql') {
    throw new InvalidValue(`${source.name}: PostgreSQL is not supported yet by this version; write sqlite://<path>`)
  }
  throw new InvalidValue(`${source.name}: databases of type "${scheme}" are not supported; write sqlite://<path>`)
})
