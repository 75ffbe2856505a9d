/** A class that a module does not have is found by test/css-modules.test.ts. */
declare module '*.module.css' {
  const classes: Readonly<Record<string, string>>
  export default classes
}

declare module '*.css' {}

declare module '*.svg' {
  const address: string
  export default address
}
