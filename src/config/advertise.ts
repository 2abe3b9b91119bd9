/**
 * What clients are told to connect to, `host` or `host:port`, in its normal form. The port may be missing; 0 and -1
 * are the same as none.
 * @throws RangeError in the words of nats-server, which are Go's.
 */
export function parseAdvertise(address: string): string {
  const hasPort = /^(?:\[[^[\]]*\]|[^:]*):/.test(address)
  const [, host = '', port] = /^(\[[^[\]]*\]|[^[\]:]*)(?::([^:]*))?$/.exec(address) ?? []
  if (host === '' && !hasPort) throw new RangeError(`address ${address}: too many colons in address`)
  if (port === undefined && hasPort) throw new RangeError(`address ${address}: too many colons in address`)
  const trimmed = host.trim()
  if (port === undefined) return trimmed
  const digits = port.trim()
  if (!/^[+-]?\d+$/.test(digits))
    throw new RangeError(`strconv.Atoi: parsing ${JSON.stringify(digits)}: invalid syntax`)
  if (Number(digits) === 0 || Number(digits) === -1) return trimmed
  if (Number(digits) < 0 || Number(digits) > 65535) throw new RangeError(`address ${address}: invalid port`)
  return `${trimmed}:${Number(digits)}`
}
