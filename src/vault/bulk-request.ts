import Type from 'typebox'

/** The items or folders of a bulk operation. None at all is an error, and so no event. */
export const BulkRequest = Type.Object({ ids: Type.Array(Type.String(), { minItems: 1 }) })
