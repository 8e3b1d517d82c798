// DashboardUI
