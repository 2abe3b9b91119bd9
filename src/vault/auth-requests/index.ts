export { registerAnswering } from './answer.ts'
export { registerAsking } from './ask.ts'
export { isPending } from './lifetime.ts'
export { type ApprovedLogin, isApproved, useUp } from './login.ts'
