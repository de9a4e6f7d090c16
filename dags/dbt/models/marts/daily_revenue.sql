-- What the dashboard "Revenue" shows.
select
    ordered_on,
    country_code,
    country_name,
    count(*)::integer as orders,
    sum(amount_euro)::numeric(14, 2) as revenue_euro
from {{ ref('fct_orders') }}
group by ordered_on, country_code, country_name
