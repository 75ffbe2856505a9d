import 'react'

/** `style={{ '--first': '55%' }}`: a component gives its sheet a value. */
declare module 'react' {
  interface CSSProperties {
    [property: `--${string}`]: string | number | undefined
  }
}
