import { Refused } from '../../api/errors.ts'
import { errorText } from '../error-text.ts'

/**
 * For `Action.run`: what is said when the server finds fault with a field of the request, by the field's name. Of others
 * it speaks itself, in its own language.
 */
export function faultText(faults: Readonly<Record<string, string>>): (error: unknown) => string {
  return (error) => faultIn(error, faults) ?? errorText(error)
}

function faultIn(error: unknown, faults: Readonly<Record<string, string>>): string | undefined {
  return error instanceof Refused ? Object.keys(error.fields).flatMap((field) => faults[field] ?? [])[0] : undefined
}
