/**
 * Loaded before a server that is to find the push service of a test at its name: `PUSH_SERVICE` is its host and its port on
 * 127.0.0.1. All else is looked up and connected to as ever.
 */
import { Resolver } from 'node:dns/promises'
import net from 'node:net'

const [host, port] = process.env.PUSH_SERVICE!.split(' ') as [string, string]
/** Somewhere on the public internet, which is all that the server connects to. */
const ADDRESS = '93.184.216.34'

const { resolve4, resolve6 } = Resolver.prototype as unknown as Record<string, (name: string) => Promise<string[]>>
Object.assign(Resolver.prototype, {
  async resolve4(this: Resolver, name: string) {
    return name === host ? [ADDRESS] : resolve4!.call(this, name)
  },
  async resolve6(this: Resolver, name: string) {
    if (name !== host) return resolve6!.call(this, name)
    throw Object.assign(new Error(`queryAaaa ENODATA ${name}`), { code: 'ENODATA' })
  },
})

const { connect } = net.Socket.prototype
net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]) {
  // `net.connect` hands over its arguments in a list that it has put in order.
  const options = (Array.isArray(args[0]) ? args[0][0] : args[0]) as Partial<net.TcpNetConnectOpts>
  if (options?.host === ADDRESS && options.port === 443) {
    options.host = '127.0.0.1'
    options.port = Number(port)
  }
  return (connect as (...args: unknown[]) => net.Socket).apply(this, args)
} as typeof connect
