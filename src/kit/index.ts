export { fromByteString, toByteString } from './byte-string.ts'
export { type Clock, systemClock, type Timer } from './clock.ts'
export { type DerElement, derElements, derOid, derText } from './der.ts'
export { ConfigError, ProtocolError } from './errors.ts'
export { normalGuid } from './guid.ts'
export { KeyedPlaces, type KeyedPlacesOptions } from './keyed-places.ts'
export { type LogFields, type Logger, silentLogger } from './logger.ts'
export { networkOf, plainAddress } from './network.ts'
export { printable } from './printable.ts'
export { Schedule } from './schedule.ts'
export { Tally } from './tally.ts'
export {
  ATTRIBUTE_NAMES,
  type CertificateFields,
  certificateFields,
  goName,
  type NameAttribute,
  type Rdns,
} from './x509.ts'
