/** Keywords of JSON Schema 2020-12, in which tools describe their arguments. */
export const schemaVocabulary: readonly string[] =
  `$defs $id $ref $schema additionalProperties allOf anyOf const default definitions
   dependentRequired deprecated description else enum examples exclusiveMaximum exclusiveMinimum
   format if items maxItems maxLength maxProperties maximum minItems minLength minProperties
   minimum multipleOf not nullable oneOf pattern patternProperties prefixItems properties
   propertyNames required then title type uniqueItems`.split(/\s+/);
