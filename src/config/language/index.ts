export { configDigest } from './digest.ts'
export { formatDuration, parseDuration } from './duration.ts'
export { goFormat, goType } from './go-format.ts'
export type {
  ConfigArray,
  ConfigBoolean,
  ConfigDate,
  ConfigEntry,
  ConfigFloat,
  ConfigInteger,
  ConfigMap,
  ConfigString,
  ConfigValue,
} from './nodes.ts'
export { type ParseOptions, parseConfigFile, parseConfigText } from './parser.ts'
export { formatPosition, type Position } from './position.ts'
export {
  arrayIn,
  booleanIn,
  type Fields,
  InvalidValue,
  integerIn,
  mapIn,
  Problems,
  readMap,
  stringIn,
  stringsIn,
} from './reader.ts'
export { type Environment, readTextFile } from './reading.ts'
