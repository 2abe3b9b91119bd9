import type { Problems } from '../language/index.ts'
import { schema } from '../settings/schema.ts'
import type { Values } from '../values.ts'
import { problemOfLeafUsers } from './users.ts'

/** What of the `authorization {}` of leaf nodes in a config file does not go together. */
export function checkLeafLogins(values: Values, problems: Problems): void {
  const block = values.positionOfBlock('leafnodes.authorization')
  const { user, nkey, users } = schema.leafnodes
  const wrong = problemOfLeafUsers(values.get(users), { user: values.get(user), nkey: values.get(nkey) })
  if (block !== undefined && wrong !== undefined) problems.errorAt(block, wrong)
}
