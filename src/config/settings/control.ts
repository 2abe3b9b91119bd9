import { duration } from '../types/duration.ts'
import { pathOrOff } from '../types/path-or-off.ts'
import { optional, setting } from './setting.ts'

/** How a running server is spoken to, and what it looks after by itself. */
export const controlSettings = {
  socket: optional<string | false>({
    key: 'control_socket',
    variable: 'BELFRY_CONTROL_SOCKET',
    type: pathOrOff,
    defaultText: '`<data_folder>/control.sock`',
    help:
      'Unix domain socket by which `belfry reload`, `belfry status` and `belfry log-level` speak to the running server; ' +
      '`false`: none. Only who owns the server can use it. At most 107 bytes.',
  }),
  tlsReloadIntervalMs: setting({
    key: 'tls_reload_interval',
    variable: 'BELFRY_TLS_RELOAD_INTERVAL',
    type: duration({ minMs: 0, maxMs: 86_400_000 }),
    default: 5_000,
    defaultText: '`"5s"`',
    help:
      'How often is looked whether the files of a certificate have changed, of any listener; a new one then counts for ' +
      'connections that come from then on. `0`: only a reload reads them.',
  }),
}
