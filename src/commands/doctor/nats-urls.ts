import { loadOptions } from '#config'
import { ConfigError } from '#kit'

/** Where clients find the `websocket {}` ports of a configuration: as advertised, else at the host of the server's URL. */
export function natsUrlsOf(configFile: string, server: string): readonly string[] {
  const host = URL.parse(server)?.hostname
  if (host === undefined) throw new ConfigError(`"${server}" is no http:// or https:// address`)
  const { options } = loadOptions({ configFile, env: {}, cwd: process.cwd() })
  return options.websockets.map(({ advertise, port, tls, path = '' }) => {
    return `${tls ? 'wss' : 'ws'}://${advertise ?? `${host}:${port}`}${path}`
  })
}
