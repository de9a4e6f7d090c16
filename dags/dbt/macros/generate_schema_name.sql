{#- A model's schema is the one that it names: `marts`, not dbt's default `staging_marts`. -#}
{%- macro generate_schema_name(custom_schema_name, node) -%}
  {{- custom_schema_name | trim if custom_schema_name else target.schema -}}
{%- endmacro -%}
