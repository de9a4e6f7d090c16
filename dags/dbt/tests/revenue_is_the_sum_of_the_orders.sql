-- No order is lost or counted twice on the way to the dashboard.
select orders.amount_euro, revenue.revenue_euro
from (select sum(amount_euro) as amount_euro from {{ ref('fct_orders') }}) as orders
cross join (select sum(revenue_euro) as revenue_euro from {{ ref('daily_revenue') }}) as revenue
where orders.amount_euro is distinct from revenue.revenue_euro
