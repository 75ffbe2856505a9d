declare module '*.css'
declare module '*.woff2' {
  const url: string
  export default url
}
declare module 'virtual:readme.ts'
declare module 'virtual:readme.tsx' {
  import type { FunctionComponent } from 'react'

  export const Example: FunctionComponent
}
