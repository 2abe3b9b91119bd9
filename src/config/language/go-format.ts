import type { ConfigValue } from './nodes.ts'

/** Go's name for the type of a value: nats-server's messages carry it. */
export function goType(value: ConfigValue): string {
  return GO_TYPE[value.kind]
}

const GO_TYPE: Record<ConfigValue['kind'], string> = {
  string: 'string',
  integer: 'int64',
  float: 'float64',
  boolean: 'bool',
  date: 'time.Time',
  array: '[]interface {}',
  map: 'map[string]interface {}',
}

/** A value as Go's `%v` prints it; of lists and maps, which it prints by their addresses, only the type. */
export function goFormat(value: ConfigValue): string {
  switch (value.kind) {
    case 'string':
    case 'integer':
    case 'boolean':
      return String(value.value)
    case 'float':
      return goFloat(value.value, 21)
    default:
      return goType(value)
  }
}

/**
 * A finite float with the fewest digits that tell it apart, as Go writes it: with an exponent of at least two digits
 * below 1e-4, or below 1e-6 in JSON, and from `10 ** maxExponent` on.
 */
export function goFloat(value: number, maxExponent: number, minExponent = -4): string {
  const size = Math.abs(value)
  if (size === 0 || (size >= 10 ** minExponent && size < 10 ** maxExponent)) {
    // JavaScript goes over to exponents at 1e-7 and 1e21, which is never inside these bounds.
    return Object.is(value, -0) ? '-0' : String(value)
  }
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
}
